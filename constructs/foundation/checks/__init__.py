"""Rules of our own over synthesized templates; `foundation.nag` attaches them to an app."""
