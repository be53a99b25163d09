"""Writes the pages of docs/reference: `make docs`."""

import os
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from docs.generator.pages import ENVIRONMENT, FOLDER, pages

ROOT = Path(__file__).parents[2]


def main() -> None:
    """Synthesize one environment, write the pages that differ, and say which."""
    with TemporaryDirectory() as assembly:
        print(f"Synthesizing {ENVIRONMENT} for its outputs ...")
        run = subprocess.run(
            [sys.executable, "app.py"],
            cwd=ROOT,
            env=os.environ | {"CDK_OUTDIR": assembly, "CDK_CONTEXT_JSON": f'{{"env": "{ENVIRONMENT}"}}'},
            check=False,
        )
        if run.returncode:
            sys.exit("Mend that, then run `make docs` again.")
        wanted = pages(Path(assembly))
    FOLDER.mkdir(exist_ok=True)
    for name, text in wanted.items():
        file = FOLDER / name
        if not file.exists() or file.read_text(encoding="utf-8") != text:
            file.write_text(text, encoding="utf-8")
            print(f"wrote docs/reference/{name}")
    for file in FOLDER.glob("*.md"):
        if file.name not in wanted:
            file.unlink()
            print(f"removed docs/reference/{file.name}")


if __name__ == "__main__":
    main()
