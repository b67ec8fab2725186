// An order and its events as they are known, kept up to date by the stream and by asking.
import { useEffect } from "preact/hooks";
import { api, bodyOf, staleness } from "../api/client";
import type { Order, OrderEvent } from "../api/types";
import { watch } from "../live/live";
import { isFinal } from "../ui/format";
import { type Resource, useResource } from "../ui/resource";

export interface KnownOrder {
  order: Order;
  /** Empty while they cannot be read. */
  events: OrderEvent[];
  age: number | null;
}

async function load(id: string, signal: AbortSignal): Promise<KnownOrder> {
  const params = { path: { id } };
  const [answer, events] = await Promise.all([
    api.GET("/v1/orders/{id}", { params, signal }),
    api.GET("/v1/orders/{id}/events", { params, signal }).catch(() => null),
  ]);
  return { order: bodyOf(answer), events: events?.data?.items ?? [], age: staleness(answer.response) };
}

/** Follows one order for as long as the page shows it. */
export function useOrder(id: string): Resource<KnownOrder> {
  const resource = useResource(id, (signal) => load(id, signal));
  useEffect(
    () =>
      watch({
        orderId: id,
        onStatus: (message) => {
          const known = resource.value.peek();
          if (known === null || message.version <= known.order.version) return;
          // At once what the stream says; the events, which it does not tell, a moment later.
          resource.value.value = { ...known, order: { ...known.order, status: message.status, version: message.version } };
          resource.reload();
        },
        refresh: () => {
          const known = resource.value.peek();
          if (known === null || !isFinal(known.order.status)) resource.reload();
        },
      }),
    [id],
  );
  return resource;
}
