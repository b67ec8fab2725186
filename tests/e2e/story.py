"""The examples of the document, against the running platform, in an order in which each of them succeeds.

Every answer is held against the document. So that the account of the examples can be registered, no such account may
be there before; at the end it is erased.
"""

import uuid

import requests
import schemathesis


# Operations that no single request and answer tells, and where they are tested instead.
ELSEWHERE = {"followOrder": "an answer that does not end: the tests of services/realtime"}


class Story:
    """Somebody who does what the examples say."""

    def __init__(self, document, gateway):
        loaded = schemathesis.openapi.from_path(document).get_all_operations()
        self.operations = {operation.ok().definition.raw["operationId"]: operation.ok() for operation in loaded}
        self.gateway = gateway
        self.told = set()

    def tell(self, expected, operation_id, token=None, body=None, headers=None, **path_parameters):
        """Sends one request, with the body of its example if none is given, and returns the answer."""
        operation = self.operations[operation_id]
        headers = dict(headers or {})
        if token:
            headers["Authorization"] = f"Bearer {token}"
        parts = {"path_parameters": path_parameters} if path_parameters else {}
        kind, example = request_example(operation)
        if kind:
            parts |= {"body": example if body is None else body, "media_type": kind}
        case = operation.Case(headers=headers, **parts)
        response = case.call(base_url=self.gateway, timeout=15)
        expected = expected if isinstance(expected, tuple) else (expected,)
        if response.status_code not in expected:
            raise AssertionError(f"{operation_id}: {response.status_code}, expected {expected}: {response.text}")
        case.validate_response(response)
        self.told.add(operation_id)
        return response

    def example(self, operation_id):
        """The body of the operation's example."""
        return request_example(self.operations[operation_id])[1]


def request_example(operation):
    """The media type and the example of a request's body, if it has one."""
    content = operation.definition.raw.get("requestBody", {}).get("content", {})
    for kind, media in content.items():
        return kind, media.get("example")
    return None, None


def run(document, gateway, staff):
    """Plays the story; returns how many operations it has, which have to be all."""
    story = Story(document, gateway)
    story.tell(200, "getOpenApi")
    story.tell(200, "getKeys")
    register_and_shop(story)
    keep_shop(story, staff)
    untold = set(story.operations) - story.told - set(ELSEWHERE)
    if untold:
        raise AssertionError(f"operations of the document that the story does not tell: {sorted(untold)}")
    return len(story.told)


def register_and_shop(story):
    tell = story.tell
    tell(201, "registerUser")
    token = tell(200, "logIn").json()["access_token"]
    tell(200, "getAccount", token)
    tell(200, "changeAccount", token)
    sku = tell(200, "listProducts").json()["items"][0]["sku"]
    tell(200, "getProduct", sku=sku)
    tell(200, "getProductPicture", file=f"{sku}.svg")
    key = {"Idempotency-Key": str(uuid.uuid4())}
    order = tell(201, "createOrder", token, headers=key).json()["id"]
    assert tell(200, "createOrder", token, headers=key).json()["id"] == order, "a key is one order"
    tell(200, "getOrder", token, id=order)
    tell(200, "listOrderEvents", token, id=order)
    assert [item["id"] for item in tell(200, "listOrders", token).json()["items"]] == [order]
    # It may have been completed by now.
    tell((202, 409), "cancelOrder", token, id=order)
    tell(403, "resumeOrder", token, id=order)
    tell(201, "createStreamTicket", token)
    # Nothing but a WebSocket.
    tell(426, "followOrders", token)
    tell(200, "exportAccount", token)
    tell(204, "changePassword", token)
    log_in_again(story)


def log_in_again(story):
    """The password is another one now; at the end nothing is left."""
    password = story.example("changePassword")["new_password"]
    login = {**story.example("logIn"), "password": password}
    tokens = story.tell(200, "logIn", body=login).json()
    refresh = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]}
    token = story.tell(200, "getTokens", body=refresh).json()["access_token"]
    story.tell(204, "logOut", token)
    story.tell(202, "eraseAccount", token)


def keep_shop(story, staff):
    tell = story.tell
    sku = tell(201, "createProduct", staff).json()["sku"]
    changed = tell(200, "replaceProduct", staff, sku=sku)
    receipt = tell(201, "createReceipt", staff, sku=sku).json()
    assert tell(200, "createReceipt", staff, sku=sku).json() == receipt, "a receipt counts once"
    tell(204, "deleteProduct", staff, headers={"If-Match": changed.headers["etag"][0]}, sku=sku)
    # Without the provider's signature.
    tell(401, "receiveWebhook", body={}, provider="sandbox")
