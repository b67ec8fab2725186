import { useRoute } from "preact-iso";
import { api } from "../api/client";
import type { Order, OrderEvent } from "../api/types";
import { useOrder } from "../state/order";
import { useSubmission } from "../ui/form";
import { clockTime, dateTime, eventWords, isFinal, money, reasonWords, statusWords } from "../ui/format";
import { ErrorNotice, Loading, Page, StaleNotice, StatusBadge } from "../ui/parts";
import { toneOf } from "../ui/picture";
import { Require } from "../ui/require";

export function OrderPage() {
  const id = useRoute().params["id"] ?? "";
  return (
    <Require>
      <Live key={id} id={id} />
    </Require>
  );
}

function Live({ id }: { id: string }) {
  const { value, error, loading, reload } = useOrder(id);
  const known = value.value;
  return (
    <Page title="Order">
      {error.value && <ErrorNotice error={error.value} retry={reload} />}
      {loading.value && known === null && <Loading what="the order" />}
      {known !== null && known.age !== null && <StaleNotice seconds={known.age} what="This order" />}
      {known !== null && <Status order={known.order} />}
      {known !== null && <Timeline events={known.events} />}
      {known !== null && <Contents order={known.order} />}
      {known !== null && <Cancel order={known.order} reload={reload} />}
    </Page>
  );
}

function Status({ order }: { order: Order }) {
  return (
    <section aria-label="Status">
      <p class="status" aria-live="polite" data-status={order.status}>
        <StatusBadge status={order.status} /> {statusWords(order.status).meaning}
        {order.reason && <strong> {reasonWords(order.reason)}.</strong>}
      </p>
      {order.limited_stock && !isFinal(order.status) && (
        <p class="notice waiting">
          Limited stock: we could not check the shelf when you ordered. If the goods are gone the order is cancelled, and nothing is charged.
        </p>
      )}
    </section>
  );
}

export function Timeline({ events }: { events: OrderEvent[] }) {
  if (events.length === 0) return <p class="fine">The steps cannot be shown right now.</p>;
  return (
    <ol class="timeline" aria-label="Steps of the order">
      {events.map((event) => (
        <li key={event.version} class={toneOf(event.type)}>
          <span>{eventWords(event.type)}</span> <time dateTime={event.time}>{clockTime(event.time)}</time>
        </li>
      ))}
    </ol>
  );
}

function Contents({ order }: { order: Order }) {
  return (
    <div class="scroll">
      <table>
        <caption>
          Ordered {dateTime(order.created_at)}, <code>{order.id}</code>
        </caption>
        <thead>
          <tr>
            <th scope="col">Product</th>
            <th scope="col">Quantity</th>
            <th scope="col">Price</th>
          </tr>
        </thead>
        <tbody>
          {order.lines.map((line) => (
            <tr key={line.sku}>
              <th scope="row">
                <a href={`/products/${encodeURIComponent(line.sku)}`}>{line.sku}</a>
              </th>
              <td>{line.quantity}</td>
              <td>{money(line.unit_price)}</td>
            </tr>
          ))}
        </tbody>
        <tfoot>
          <tr>
            <th scope="row" colSpan={2}>
              Total
            </th>
            <td class="price">{money(order.total)}</td>
          </tr>
        </tfoot>
      </table>
    </div>
  );
}

function Cancel({ order, reload }: { order: Order; reload: () => void }) {
  const submission = useSubmission();
  if (isFinal(order.status)) return null;
  const cancel = () =>
    submission.run(async () => {
      await api.POST("/v1/orders/{id}/cancel", { params: { path: { id: order.id } } });
      reload();
    });
  return (
    <>
      {submission.error.value && <ErrorNotice error={submission.error.value} retry={() => void cancel()} />}
      <button type="button" disabled={submission.busy.value} onClick={() => void cancel()}>
        Cancel this order
      </button>
    </>
  );
}
