"""The emulated AWS: ministack plus what the platform's templates need and ministack lacks.

Started as `python -m local.emulator` by the interpreter of a virtual environment that holds exactly
`requirements.txt` beside this file. It never imports the project's stacks or constructs: it knows AWS, not us.
"""
