"""A Strands model for machines without Bedrock: it answers by rules or by a script, the same at every run.

Three locks keep it away from AWS (docs/decisions/agents.md): bundles hold it only with the context of a local run,
settings refuse it outside of a development environment, and it refuses to be made unless the AWS endpoint of its
process is on this machine.
"""

from scripted_model.loopback import NotLocalError
from scripted_model.model import ScriptedModel
from scripted_model.script import Pause, Script, ScriptError

__all__ = ["NotLocalError", "Pause", "Script", "ScriptError", "ScriptedModel"]
