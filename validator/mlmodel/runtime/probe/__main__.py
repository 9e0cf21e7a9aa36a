"""Begins the probe, without a folder of ours on the import path of the model."""

import sys
from importlib.util import module_from_spec, spec_from_file_location
from os.path import abspath, dirname, join

if __name__ == "__main__":
    here = dirname(abspath(__file__))
    spec = spec_from_file_location(
        "mlmodel_probe", join(here, "__init__.py"), submodule_search_locations=[here]
    )
    assert spec is not None
    sys.modules["mlmodel_probe"] = module_from_spec(spec)

    from mlmodel_probe.phases import main  # type: ignore[import-not-found]

    main()
