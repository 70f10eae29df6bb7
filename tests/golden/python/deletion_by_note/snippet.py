# ... existing code ...
from stations import settings
from stations.models import Reading, Station
# removed: the unused units import

DATE_FORMAT = "%Y-%m-%d %H:%M"
# ... existing code ...
