"""Other people's formats: linear programs, decision processes and policies as files."""
