"""Where the bodies of one exchange lie in the archive: the message on the topic `archived`."""

from app.record.fields import Count, Line, RequestId, Tenant, UtcTime
from app.record.model import WireModel


class ArchivedBodies(WireModel):
    """One exchange's place in an object; `tenant` + `request_id` are its identity.

    An exchange that is archived again, after a replay, lies in several places, each of which holds
    the same. `offset` and `length` are bytes of the object. Absent sizes mean: that side is not
    there, as it was empty or not kept.
    """

    tenant: Tenant
    request_id: RequestId
    object: Line
    offset: Count
    length: Count
    request_bytes: Count | None = None
    response_bytes: Count | None = None
    started_at: UtcTime
    archived_at: UtcTime
