"""The classes that the stages of a Spark pipeline are read with, as the metadata of the stages name them.

``pyspark.ml.util.DefaultParamsReader.loadParamsInstance`` imports the module of a class and takes the class of it, with
``org.apache.spark`` read as ``pyspark``; ``org.apache.spark.ml.util.DefaultParamsReader`` asks the class loader of the JVM.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlmodel.common.patterns import lazy_pattern
from mlmodel.common.records import Record
from mlmodel.findings import Location
from mlmodel.model import file_indexes, paths
from mlmodel.model.model import fact

if TYPE_CHECKING:
    from mlmodel.model.model import Model

_OF_SPARK = ("org.apache.spark.", "pyspark.")
_DOMAINS = frozenset("ai biz cn co com de dev edu eu fr gov in info io it jp ml net nl org uk us".split())
"""What the packages of the JVM begin with, by custom: a domain read backwards."""
_CLASS = lazy_pattern(r"[A-Za-z_$][\w$]*(\.[A-Za-z_$][\w$]*)+")


class StageClass(Record):
    """A class of a stage that Spark itself does not have."""

    name: str
    is_of_jvm: bool
    """Whether its package is one of the JVM by its name; else it is a module of Python."""
    place: Location


@fact
def of(model: Model) -> tuple[StageClass, ...]:
    """The foreign classes of the stages of the model's pipeline, each once."""
    folder = model.flavors.get("spark", {}).get("model_data")
    if not isinstance(folder, str) or paths.fault(folder) is not None:
        return ()
    found: dict[str, StageClass] = {}
    for file, metadata in file_indexes.spark_stages(model, paths.normal(folder)):
        name = metadata.get("class")
        if isinstance(name, str) and not name.startswith(_OF_SPARK) and _CLASS.fullmatch(name[:500]):
            domain = name.partition(".")[0]
            is_of_jvm = domain in _DOMAINS and name.count(".") >= 2
            found.setdefault(name, StageClass(name, is_of_jvm, Location(file)))
    return tuple(found.values())
