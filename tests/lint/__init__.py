"""cfn-lint over synthesized templates, and over copies of them in which every intrinsic is a literal."""
