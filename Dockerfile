# syntax=docker/dockerfile:1
# Build: docker build --build-arg SOURCE_DATE_EPOCH=$(git log -1 --format=%ct) -t mlmodel .
# Run:   docker run --rm --network none --read-only -v "$PWD:/work:ro" mlmodel -r .
# The tag fixes Python and Debian; a digest behind it fixes the image to the byte.
FROM python:3.13.9-slim-trixie AS build
ARG SOURCE_DATE_EPOCH=0
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PYTHONDONTWRITEBYTECODE=1
WORKDIR /source
COPY . .
# The versions of the locks and no others, each with its hash; wheels only, so that nothing is compiled or run.
RUN python -m venv /opt/build /opt/mlmodel \
 && /opt/build/bin/pip install --only-binary :all: --require-hashes -r docker/build-requirements.txt \
 && /opt/build/bin/pip wheel --no-deps --no-build-isolation --no-index --wheel-dir /wheels . \
 && /opt/mlmodel/bin/pip install --no-compile --only-binary :all: --require-hashes -r docker/requirements.txt \
 && /opt/mlmodel/bin/pip install --no-compile --no-deps --no-index /wheels/*.whl \
 && /opt/mlmodel/bin/pip uninstall --yes pip

FROM python:3.13.9-slim-trixie
COPY --from=build /opt/mlmodel /opt/mlmodel
ENV PATH=/opt/mlmodel/bin:$PATH PYTHONDONTWRITEBYTECODE=1
# An identity that owns nothing.
USER 65532:65532
WORKDIR /work
ENTRYPOINT ["mlmodel-validate"]
CMD ["--help"]
