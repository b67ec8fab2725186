import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { api, bodyOf, staleness } from "../api/client";
import type { Order, OrderList } from "../api/types";
import { watch } from "../live/live";
import { useSubmission } from "../ui/form";
import { dateTime, money } from "../ui/format";
import { ErrorNotice, Loading, Page, StaleNotice, StatusBadge } from "../ui/parts";
import { Require } from "../ui/require";
import { useResource } from "../ui/resource";

interface Loaded {
  list: OrderList;
  age: number | null;
}

async function load(cursor?: string, signal?: AbortSignal): Promise<Loaded> {
  const query = { limit: 20, ...(cursor === undefined ? {} : { cursor }) };
  const answer = await api.GET("/v1/orders", { params: { query }, ...(signal && { signal }) });
  return { list: bodyOf(answer), age: staleness(answer.response) };
}

export function OrdersPage() {
  return (
    <Require>
      <Orders />
    </Require>
  );
}

function Orders() {
  const { value, error, loading, reload } = useResource("orders", (signal) => load(undefined, signal));
  const more = useSignal<OrderList[]>([]);
  const submission = useSubmission();
  useEffect(() => watch({ orderId: "all", onStatus: reload, refresh: reload }), []);

  const lists = value.value === null ? [] : [value.value.list, ...more.value];
  const next = lists.at(-1)?.next_cursor ?? undefined;
  const omitted = lists.reduce((sum, list) => sum + (list.omitted?.length ?? 0), 0);
  const showMore = () => submission.run(async () => void (more.value = [...more.value, (await load(next)).list]));
  return (
    <Page title="Orders">
      {value.value !== null && value.value.age !== null && <StaleNotice seconds={value.value.age} what="This list" />}
      {error.value && <ErrorNotice error={error.value} retry={reload} />}
      {loading.value && lists.length === 0 && <Loading what="your orders" />}
      {lists.length > 0 && lists[0]?.items.length === 0 && (
        <p>
          You have not ordered anything yet. <a href="/">Look at the products.</a>
        </p>
      )}
      <ul class="rows">
        {lists.flatMap(({ items }) => items.map((order) => <Row key={order.id} order={order} />))}
      </ul>
      {omitted > 0 && <p class="notice waiting">{omitted} more cannot be shown right now. They are not lost.</p>}
      {submission.error.value && <ErrorNotice error={submission.error.value} retry={() => void showMore()} />}
      {next !== undefined && (
        <button type="button" disabled={submission.busy.value} onClick={() => void showMore()}>
          Show older orders
        </button>
      )}
    </Page>
  );
}

function Row({ order }: { order: Order }) {
  return (
    <li>
      <a href={`/orders/${order.id}`}>
        <span>{dateTime(order.created_at)}</span>
        <span class="fine">{order.lines.map(({ sku, quantity }) => `${quantity} × ${sku}`).join(", ")}</span>
        <span class="price">{money(order.total)}</span>
        <StatusBadge status={order.status} />
      </a>
    </li>
  );
}
