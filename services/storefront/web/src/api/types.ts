// The shapes of the API by the names that pages use; all come from the generated schema.
import type { paths } from "./schema";

type Body<Operation, Status extends number> = Operation extends { responses: infer Responses }
  ? Status extends keyof Responses
    ? Responses[Status] extends { content: { "application/json": infer Json } }
      ? Json
      : never
    : never
  : never;

export type Order = Body<paths["/v1/orders/{id}"]["get"], 200>;
export type OrderList = Body<paths["/v1/orders"]["get"], 200>;
export type OrderEvent = Body<paths["/v1/orders/{id}/events"]["get"], 200>["items"][number];
export type OrderStatus = Order["status"];
export type Product = Body<paths["/v1/products/{sku}"]["get"], 200>;
export type ProductList = Body<paths["/v1/products"]["get"], 200>;
export type Money = Product["price"];
export type User = Body<paths["/v1/users/me"]["get"], 200>;
export type Tokens = Body<paths["/v1/sessions"]["post"], 200>;
