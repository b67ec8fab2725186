"""What random data would not hit upon: products that there are, and who has an account."""

import json
import os
import re

import schemathesis

SKUS = ["tea-sencha-100", "teapot-cast-iron", "tea-assam-250"]
SKU = re.compile(r"^[A-Za-z0-9._-]{1,64}$")


@schemathesis.hook("map_body")
def known_products(ctx, body):
    """Every other order is of products that there are. What is wrong with it otherwise stays wrong."""
    if label(ctx) != "POST /v1/orders" or not isinstance(body, dict) or len(repr(body)) % 2:
        return body
    lines = body.get("lines")
    if not isinstance(lines, list) or not 1 <= len(lines) <= len(SKUS):
        return body
    return {**body, "lines": [known(line, sku) for line, sku in zip(lines, SKUS)]}


def known(line, sku):
    if isinstance(line, dict) and isinstance(line.get("sku"), str) and SKU.match(line["sku"]):
        return {**line, "sku": sku}
    return line


@schemathesis.hook("map_body")
def known_account(ctx, body):
    """Every other login is that of the account under test."""
    account = json.loads(os.environ.get("HOLDFAST_ACCOUNT", "null"))
    if label(ctx) != "POST /v1/sessions" or not account or not isinstance(body, dict) or len(repr(body)) % 2:
        return body
    is_valid = set(body) == {"email", "password"} and all(isinstance(text, str) for text in body.values())
    return {"email": account["email"], "password": account["password"]} if is_valid else body


def label(ctx):
    return ctx.operation.label if ctx.operation is not None else ""
