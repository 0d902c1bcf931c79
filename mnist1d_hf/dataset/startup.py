"""Makes every program of an environment know the name "mnist1d", by a line that Python runs when it starts (see `site`).

The line imports nothing until `datasets` is imported, and keeps silent about whatever goes wrong then: a line that fails would
print a traceback at every start of every program.
"""

from __future__ import annotations

import site
import sysconfig
from pathlib import Path

from ..utils.files import write_text

FILE_NAME = "mnist1d-hf.pth"

# The list is replaced, not changed: another thread that is going through it would skip a finder.
_FINDER = """\
class Mnist1dHf:
 def find_spec(self, name, path=None, target=None):
  if name == 'datasets':
   sys.meta_path = [finder for finder in sys.meta_path if finder is not self]
   try:
    import mnist1d_hf
   except Exception:
    pass
sys.meta_path.insert(0, Mnist1dHf())
"""
LINE = f"import sys; exec({_FINDER!r})\n"


def registered_files() -> list[Path]:
    """Return the files with the line, in the folders that this Python reads when it starts.

    Returns
    -------
    list of Path
        None, one, or one of the environment and one of the user.
    """
    return [path for folder in _folders() if _is_ours(path := folder / FILE_NAME)]


def register_environment() -> Path:
    """Write the line into the environment of this Python, and return the file.

    It goes where the package is installed: the user's own folder if it is there, else that of the environment.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    FileExistsError
        If there is a file of that name with something else in it.
    OSError
        If the folder cannot be written to.
    """
    environment, *users = _folders()
    here = Path(__file__).resolve()
    path = next((folder for folder in users if here.is_relative_to(folder.resolve())), environment) / FILE_NAME
    if path.exists() and not _is_ours(path):
        raise FileExistsError(f"{path} was not written by mnist1d-hf register, so it is kept; move it away first")
    write_text(path, LINE)
    return path


def unregister_environment() -> list[Path]:
    """Remove the files that `registered_files` returns, and return them.

    Returns
    -------
    list of Path
        The removed files.

    Raises
    ------
    OSError
        If a file cannot be removed.
    """
    files = registered_files()
    for path in files:
        path.unlink()
    return files


def _folders() -> list[Path]:
    """Return the folder of the environment, and that of the user where it is read."""
    users = [site.getusersitepackages()] if site.ENABLE_USER_SITE else []
    return [Path(folder) for folder in (sysconfig.get_path("purelib"), *users)]


def _is_ours(path: Path) -> bool:
    """Return whether a file has the line, of this version or of another."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return False
    return text.startswith("import sys; exec(") and "import mnist1d_hf" in text and text.count("\n") == 1
