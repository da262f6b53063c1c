"""How much of what can be asked is asked: `make thorough` asks all of it, `make test` a part that goes round."""

from hypothesis import settings

THOROUGH = settings().max_examples > 100
