"""`python -m bilet` is `bilet`."""

from . import main

main()
