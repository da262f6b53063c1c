"""The operator's command line: `bilet <command>`, a module a command."""
