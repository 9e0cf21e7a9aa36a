"""A loaded model: what ``mlflow.pyfunc.load_model`` gives, without MLflow."""

from __future__ import annotations

import copy
import warnings
from typing import TYPE_CHECKING, Any

from mlmodel.loading import inputs as enforcing
from mlmodel.loading import params as settling
from mlmodel.loading.errors import LoadError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import Self

    from mlmodel.loading.importing import Code


class Model:
    """A model that was loaded.

    Used with ``with``, or after :meth:`close`, its own modules (``code/``) can no longer be imported; without, they
    stay importable, as after MLflow.
    """

    def __init__(
        self,
        native: Any,
        config: Mapping[str, Any],
        signature: Mapping[str, Any] | None,
        predictor: Callable[[Any, Any], Any] | None,
        code: Code,
    ) -> None:
        self.native = native
        """The object of the model's library."""
        self.flavors: dict[str, Any] = copy.deepcopy(config["flavors"])
        """What the MLmodel file says of each flavor."""
        self.metadata: Any = copy.deepcopy(config.get("metadata"))
        """The free-form values of the MLmodel file, None where it has none."""
        self.signature = None if signature is None else dict(signature)
        """``inputs``, ``outputs`` and ``params`` as :func:`mlmodel.describe` has them; None where there is none."""
        self._predictor = predictor
        self._code = code
        # Inputs of models whose signature comes from type hints are judged by the model itself
        # (PyFuncModel._predict, MLflow >= 2.20).
        is_hinted = bool(config.get("is_signature_from_type_hint"))
        self._inputs: Sequence[Mapping[str, Any]] | None = None
        if self.signature is not None and not is_hinted:
            self._inputs = self.signature["inputs"]

    def predict(self, data: Any, params: Mapping[str, Any] | None = None) -> Any:
        """The answer of the model, after its inputs and params were made what the signature says.

        As in MLflow (``PyFuncModel.predict``), columns are put in order and converted where nothing can be lost, and
        defaults stand in for params.  Columns and params that the signature does not know are left out, with a
        warning.

        Args:
            data: a data frame or what makes one, where the signature has columns; arrays, or a dict of them by name,
                where it has tensors; anything without a signature.
            params: by name.

        Raises:
            InputError: they are not what the signature says; names what, and what to do.
            LoadError: nothing says how this model predicts.
        """
        if self._predictor is None:
            raise LoadError(
                "the model has no python_function, so that nothing says how it predicts; use .native"
            )
        notes: list[str] = []
        if self._inputs:
            data = enforcing.enforce(data, self._inputs, notes)
        settled = settling.enforce(params, (self.signature or {}).get("params"), notes)
        for note in notes:
            warnings.warn(note, stacklevel=2)
        return self._predictor(data, settled)

    def close(self) -> None:
        """Take the model's own modules off the import path, and forget those that were imported."""
        self._code.leave()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<mlmodel.Model {', '.join(self.flavors)}>"
