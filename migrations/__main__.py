"""The schema alone: ``python -m migrations``. The release step is ``cli.local.release``."""

import os

from migrations import upgrade
from shared.settings import load

upgrade(load(os.environ).owner_url)
