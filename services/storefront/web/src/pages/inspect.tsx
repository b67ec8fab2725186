import { useRoute } from "preact-iso";
import type { OrderEvent } from "../api/types";
import { useOrder } from "../state/order";
import { clockTime, money, reasonWords } from "../ui/format";
import { ErrorNotice, Loading, Page, StaleNotice, StatusBadge } from "../ui/parts";
import { Picture } from "../ui/picture";
import { Require } from "../ui/require";

/** One order, for staff: every event, attempt and trace. */
export function InspectPage() {
  const id = useRoute().params["id"] ?? "";
  return (
    <Require staff>
      <Inspect key={id} id={id} />
    </Require>
  );
}

function Inspect({ id }: { id: string }) {
  const { value, error, loading, reload } = useOrder(id);
  const known = value.value;
  return (
    <Page title="Order timeline">
      {error.value && <ErrorNotice error={error.value} retry={reload} />}
      {loading.value && known === null && <Loading what="the order" />}
      {known !== null && known.age !== null && <StaleNotice seconds={known.age} what="This order" />}
      {known !== null && (
        <>
          <p>
            <StatusBadge status={known.order.status} /> {known.order.reason && reasonWords(known.order.reason)} {money(known.order.total)}{" "}
            <span class="fine">
              order <code>{known.order.id}</code>, user <code>{known.order.user_id}</code>, version {known.order.version}
            </span>
          </p>
          <Picture events={known.events} />
          <Events events={known.events} />
        </>
      )}
    </Page>
  );
}

function Events({ events }: { events: OrderEvent[] }) {
  return (
    <div class="scroll">
      <table>
        <thead>
          <tr>
            <th scope="col">Version</th>
            <th scope="col">Event</th>
            <th scope="col">Time</th>
            <th scope="col">Data</th>
            <th scope="col">Trace</th>
          </tr>
        </thead>
        <tbody>
          {events.map((event) => (
            <tr key={event.version}>
              <td>{event.version}</td>
              <td>{event.type}</td>
              <td>{clockTime(event.time)}</td>
              <td>
                <code>{JSON.stringify(event.data)}</code>
              </td>
              <td>
                <code>{event.trace_id ?? ""}</code>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
