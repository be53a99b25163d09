"""Accepts the templates as they are now: `make snapshots`. Review what git shows afterwards.

Logical ids of data-bearing resources are only ever added. One that changes or goes is taken out of logical_ids.json by
hand, by somebody who has thought about the data.
"""

import json
import sys

from tests.assemblies import ENVIRONMENTS, ROOT, start
from tests.snapshots.files import FOLDER, LOGICAL_IDS, current, data_bearing, locked


def main() -> None:
    """Write the snapshot files that differ, remove those without a stack, and say which."""
    print(f"Synthesizing {', '.join(ENVIRONMENTS)} ...")
    start(*ENVIRONMENTS)
    try:
        wanted = {path: text.encode() for path, text in current().items()}
    except AssertionError as error:
        sys.exit(str(error))
    ids = data_bearing()
    merged = {stack: ids.get(stack, {}) | locked().get(stack, {}) for stack in sorted(ids | locked())}
    wanted[LOGICAL_IDS] = (json.dumps(merged, indent=2, sort_keys=True) + "\n").encode()
    changed = [path for path, content in wanted.items() if not path.exists() or path.read_bytes() != content]
    for path in changed:
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(wanted[path])
        print(f"wrote {path.relative_to(ROOT)}")
    for path in sorted(set(FOLDER.glob("*/*.yaml")) - wanted.keys()):
        path.unlink()
        print(f"removed {path.relative_to(ROOT)}")
    if not changed:
        print("The snapshots already match the templates.")


if __name__ == "__main__":
    main()
