"""pgAdmin for one person, below $HOME."""

import os

SERVER_MODE = False
DATA_DIR = os.environ["PGADMIN_DATA"]
DEFAULT_SERVER_PORT = int(os.environ["PGADMIN_PORT"])
MASTER_PASSWORD_REQUIRED = False
USE_OS_SECRET_STORAGE = False
UPGRADE_CHECK_ENABLED = False
