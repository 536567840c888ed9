"""botocore's signatures: reads a JSON list of requests from stdin, prints the list of their Authorization headers."""

import json
import sys
from datetime import datetime, timezone
from unittest import mock

from botocore import auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials


def authorization(case):
    moment = datetime.strptime(case["time"], "%Y%m%dT%H%M%SZ").replace(tzinfo=timezone.utc)
    request = AWSRequest(method=case["method"], url=case["url"], headers=dict(case["headers"]))
    credentials = Credentials(case["access_key"], case["secret_key"], case.get("token"))
    signer = auth.S3SigV4Auth(credentials, "s3", case["region"])
    with (
        mock.patch.object(auth, "get_current_datetime", lambda *_: moment),
        mock.patch.object(signer, "payload", lambda _: case["payload"]),
    ):
        signer.add_auth(request)
    return {"authorization": request.headers["Authorization"], "date": request.headers["X-Amz-Date"]}


print(json.dumps([authorization(case) for case in json.load(sys.stdin)]))
