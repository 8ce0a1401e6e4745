"""Finds the library, and loads the generated module with it. The only place that knows where either is.

The generated module looks for the library in its own folder. An app puts the two side by side and imports `huizheng`;
in this repository they are apart, and the module is told it stands where the library is.
"""

import importlib.util
import os
import sys
from pathlib import Path
from types import ModuleType

ROOT = Path(__file__).resolve().parents[3]
GENERATED = ROOT / "mobile-bindings" / "generated" / "python" / "huizheng.py"


def library() -> Path:
    """The library: `HUIZHENG_LIBRARY`, or what `mobile-bindings/generate` built."""
    named = os.environ.get("HUIZHENG_LIBRARY")
    if named:
        return Path(named).resolve()
    name = "libhuizheng.dylib" if sys.platform == "darwin" else "libhuizheng.so"
    target = Path(os.environ.get("CARGO_TARGET_DIR") or ROOT / "target")
    return (ROOT / target / "debug" / name).resolve()


def load() -> ModuleType:
    """The generated module, under the name `huizheng`."""
    at = library()
    if not at.is_file():
        raise ImportError(f"there is no {at}: run mobile-bindings/generate, or name the library in HUIZHENG_LIBRARY")
    spec = importlib.util.spec_from_file_location("huizheng", GENERATED)
    module = importlib.util.module_from_spec(spec)
    module.__file__ = str(at.with_name("huizheng.py"))
    sys.modules["huizheng"] = module
    spec.loader.exec_module(module)
    return module


huizheng = load()
