"""An S3 server that checks signatures: moto's, with a user who may use one bucket, on a free port of 127.0.0.1.

Prints one line of JSON {endpoint, bucket, region, access_key, secret_key, temporary {access_key, secret_key, token}},
and ends when its stdin does.
"""

import json
import os
import sys

# So many calls are let through unsigned: those that make the user. From then on every one is checked.
SETUP_CALLS = 7
os.environ["INITIAL_NO_AUTH_ACTION_COUNT"] = str(SETUP_CALLS)
for variable in list(os.environ):
    if variable.startswith("AWS_"):
        del os.environ[variable]

import botocore.session  # noqa: E402
import flask  # noqa: E402
from moto.iam.access_control import S3IAMRequest  # noqa: E402
from moto.server import ThreadedMotoServer  # noqa: E402

REGION = "us-east-1"
BUCKET = "dh-test"


def check_what_was_sent():
    """moto checks the signature of the decoded path, which even botocore's own requests fail: here, the one sent."""
    check = S3IAMRequest.check_signature

    def check_signature(self):
        self._path = flask.request.environ["RAW_URI"]
        check(self)

    S3IAMRequest.check_signature = check_signature


def main():
    check_what_was_sent()
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    endpoint = f"http://{host}:{port}"

    def client(service):
        return botocore.session.get_session().create_client(
            service, region_name=REGION, endpoint_url=endpoint, aws_access_key_id="setup", aws_secret_access_key="setup"
        )

    iam = client("iam")
    client("s3").create_bucket(Bucket=BUCKET)
    iam.create_user(UserName="ann")
    policy = json.dumps(
        {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}
    )
    iam.put_user_policy(UserName="ann", PolicyName="s3", PolicyDocument=policy)
    key = iam.create_access_key(UserName="ann")["AccessKey"]
    role = iam.create_role(RoleName="writer", AssumeRolePolicyDocument="{}")["Role"]
    iam.put_role_policy(RoleName="writer", PolicyName="s3", PolicyDocument=policy)
    lent = client("sts").assume_role(RoleArn=role["Arn"], RoleSessionName="ann")["Credentials"]
    answer = {
        "endpoint": endpoint,
        "bucket": BUCKET,
        "access_key": key["AccessKeyId"],
        "secret_key": key["SecretAccessKey"],
        "region": REGION,
        "temporary": {
            "access_key": lent["AccessKeyId"],
            "secret_key": lent["SecretAccessKey"],
            "token": lent["SessionToken"],
        },
    }
    print(json.dumps(answer), flush=True)
    sys.stdin.read()
    server.stop()


main()
