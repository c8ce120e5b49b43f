"""The release step: ``python -m migrations``."""

import os

from migrations import upgrade
from shared.settings import load

upgrade(load(os.environ).database_url)
