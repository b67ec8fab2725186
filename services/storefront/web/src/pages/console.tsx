import { useSignal } from "@preact/signals";
import { useLocation } from "preact-iso";
import { useEffect } from "preact/hooks";
import * as ops from "../api/ops";
import { fieldsOf, useSubmission } from "../ui/form";
import { dateTime } from "../ui/format";
import { ErrorNotice, Loading, Page } from "../ui/parts";
import { Require } from "../ui/require";
import { type Resource, useResource } from "../ui/resource";

const REFRESH_MS = 5_000;

/** What is stuck, why, and how to release it. */
export function ConsolePage() {
  return (
    <Require staff>
      <Console />
    </Require>
  );
}

function useRefreshed<T>(resource: Resource<T>): Resource<T> {
  useEffect(() => {
    const rounds = setInterval(resource.reload, REFRESH_MS);
    return () => clearInterval(rounds);
  }, []);
  return resource;
}

function Console() {
  const tally = useRefreshed(useResource("tally", ops.tally));
  const consumers = useRefreshed(useResource("consumers", ops.consumers));
  const operations = useRefreshed(useResource("operations", ops.operations));
  const error = tally.error.value ?? consumers.error.value ?? operations.error.value;
  const refresh = () => [tally, operations].forEach((resource) => resource.reload());
  return (
    <Page title="Console">
      {error && <ErrorNotice error={error} retry={refresh} />}
      <Counters tally={tally.value.value} consumers={consumers.value.value} operations={operations.value.value} />
      <FindOrder />
      <Letters kinds={tally.value.value?.kinds ?? []} changed={refresh} />
      <Operations all={operations.value.value ?? []} changed={refresh} />
      <Consumers all={consumers.value.value ?? []} />
    </Page>
  );
}

interface Known {
  tally: ops.Tally | null;
  consumers: ops.Consumer[] | null;
  operations: ops.Operation[] | null;
}

function Counters({ tally, consumers, operations }: Known) {
  const sum = (of: (consumer: ops.Consumer) => number) => consumers?.reduce((all, consumer) => all + of(consumer), 0);
  const counters: [string, number | undefined][] = [
    ["Dead letters", tally?.total],
    ["Messages pending", sum(({ pending }) => pending)],
    ["Being tried again", sum(({ redelivered }) => redelivered)],
    ["Operations under way", operations?.filter(({ status }) => status === "running").length],
  ];
  return (
    <dl class="counters">
      {counters.map(([name, count]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{count ?? "…"}</dd>
        </div>
      ))}
    </dl>
  );
}

function FindOrder() {
  const { route } = useLocation();
  const find = (event: SubmitEvent) => {
    event.preventDefault();
    const { order = "" } = fieldsOf(event.currentTarget as HTMLFormElement);
    route(`/console/orders/${encodeURIComponent(order.trim())}`);
  };
  return (
    <section aria-labelledby="find">
      <h2 id="find">One order</h2>
      <form onSubmit={find} class="row">
        <label for="order">Order id</label>
        <input id="order" name="order" required />
        <button type="submit">Show its timeline</button>
      </form>
    </section>
  );
}

function Letters({ kinds, changed }: { kinds: ops.Tally["kinds"]; changed: () => void }) {
  const filter = useSignal<ops.LetterFilter>({});
  const after = useSignal<number | undefined>(undefined);
  const key = JSON.stringify([filter.value, after.value]);
  const page = useResource(key, (signal) => ops.letters(filter.value, after.value, signal));
  const submission = useSubmission();
  const asked = useSignal<{ action: ops.Action; filter: ops.LetterFilter; total: number } | null>(null);

  const ask = (action: ops.Action, which: ops.LetterFilter) =>
    submission.run(async () => {
      const { total } = await ops.rehearse(action, which);
      asked.value = { action, filter: which, total };
    });
  const confirm = () =>
    submission.run(async () => {
      if (asked.value === null) return;
      await ops.begin(asked.value.action, asked.value.filter);
      asked.value = null;
      changed();
      page.reload();
    });
  const choose = (part: ops.LetterFilter) => {
    after.value = undefined;
    filter.value = part;
  };
  const items = page.value.value?.items ?? [];
  const next = page.value.value?.next_after;
  return (
    <section aria-labelledby="letters">
      <h2 id="letters">Dead letters</h2>
      <Filter kinds={kinds} choose={choose} />
      {page.error.value && <ErrorNotice error={page.error.value} retry={page.reload} />}
      {submission.error.value && <ErrorNotice error={submission.error.value} />}
      {page.loading.value && items.length === 0 && <Loading what="dead letters" />}
      {!page.loading.value && items.length === 0 && page.error.value === null && <p>There are none.</p>}
      {items.length > 0 && (
        <p class="row">
          <button type="button" onClick={() => void ask("redrives", filter.value)}>
            Redrive all that match
          </button>
          <button type="button" class="danger" onClick={() => void ask("discards", filter.value)}>
            Discard all that match
          </button>
        </p>
      )}
      {asked.value !== null && (
        <div class="notice waiting" role="alertdialog" aria-label="Confirm">
          <p>
            {asked.value.action === "redrives" ? "Send back" : "Discard for good"} {asked.value.total} {asked.value.total === 1 ? "letter" : "letters"}?
          </p>
          <p class="row">
            <button type="button" onClick={() => void confirm()}>
              Yes, {asked.value.action === "redrives" ? "redrive" : "discard"}
            </button>
            <button type="button" onClick={() => (asked.value = null)}>
              No
            </button>
          </p>
        </div>
      )}
      {items.length > 0 && <LetterTable items={items} redrive={(sequence) => void ask("redrives", { sequences: [sequence] })} />}
      {next !== undefined && (
        <button type="button" onClick={() => (after.value = next)}>
          Next page
        </button>
      )}
    </section>
  );
}

function Filter({ kinds, choose }: { kinds: ops.Tally["kinds"]; choose: (filter: ops.LetterFilter) => void }) {
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    const { service = "", reason = "", order = "" } = fieldsOf(event.currentTarget as HTMLFormElement);
    choose({ ...(service && { service }), ...(reason && { reason }), ...(order && { order: order.trim() }) });
  };
  return (
    <form onSubmit={submit} class="row">
      <Select name="service" label="Service" values={kinds.map(({ service }) => service)} />
      <Select name="reason" label="Reason" values={kinds.map(({ reason }) => reason)} />
      <label for="of-order">Order</label>
      <input id="of-order" name="order" />
      <button type="submit">Filter</button>
    </form>
  );
}

function Select({ name, label, values }: { name: string; label: string; values: string[] }) {
  return (
    <>
      <label for={name}>{label}</label>
      <select id={name} name={name}>
        <option value="">any</option>
        {[...new Set(values)].sort().map((value) => (
          <option key={value} value={value}>
            {value}
          </option>
        ))}
      </select>
    </>
  );
}

function LetterTable({ items, redrive }: { items: ops.Letter[]; redrive: (sequence: number) => void }) {
  return (
    <div class="scroll" tabIndex={0} role="region" aria-labelledby="letters">
      <table>
        <thead>
          <tr>
            {["Letter", "Stored", "Consumer", "Reason", "Order", "Tries", "Last error", "Action"].map((name) => (
              <th key={name} scope="col">
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {items.map((letter) => (
            <tr key={letter.letter}>
              <td>{letter.letter}</td>
              <td>{dateTime(letter.stored_at)}</td>
              <td>{letter.unreadable ?? `${letter.service} / ${letter.consumer}`}</td>
              <td>{letter.reason}</td>
              <td>{letter.order && <a href={`/console/orders/${letter.order}`}>{letter.order}</a>}</td>
              <td>{letter.attempts}</td>
              <td>{letter.last_error?.error}</td>
              <td>
                <button type="button" aria-label={`Redrive letter ${letter.letter}`} onClick={() => redrive(letter.letter)}>
                  Redrive
                </button>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Operations({ all, changed }: { all: ops.Operation[]; changed: () => void }) {
  const submission = useSubmission();
  const direct = (id: string, command: "resume" | "stop") =>
    submission.run(async () => {
      await ops.direct(id, command);
      changed();
    });
  return (
    <section aria-labelledby="operations">
      <h2 id="operations">Operations</h2>
      {submission.error.value && <ErrorNotice error={submission.error.value} />}
      {all.length === 0 && <p>There were none.</p>}
      <ul class="operations">
        {all.map((operation) => (
          <li key={operation.id}>
            <span>
              {operation.command} by {operation.actor}, {dateTime(operation.started_at)}
            </span>
            <progress max={Math.max(1, operation.matching)} value={operation.done + operation.skipped + operation.failed} aria-label={`Progress of ${operation.command}`} />
            <span>
              {operation.done} of {operation.matching} done, {operation.skipped} skipped, {operation.failed} failed: {operation.status}
            </span>
            {operation.status === "running" && (
              <button type="button" onClick={() => void direct(operation.id, "stop")}>
                Stop
              </button>
            )}
            {(operation.status === "stalled" || operation.status === "interrupted") && (
              <button type="button" onClick={() => void direct(operation.id, "resume")}>
                Resume
              </button>
            )}
          </li>
        ))}
      </ul>
    </section>
  );
}

function Consumers({ all }: { all: ops.Consumer[] }) {
  return (
    <section aria-labelledby="consumers">
      <h2 id="consumers">Consumers</h2>
      <div class="scroll" tabIndex={0} role="region" aria-labelledby="consumers">
        <table>
          <thead>
            <tr>
              {["Stream", "Consumer", "Pending", "Not settled", "Tried again", "Oldest"].map((name) => (
                <th key={name} scope="col">
                  {name}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {all.map(({ stream, consumer, pending, unsettled, redelivered, oldest_seconds }) => (
              <tr key={`${stream}/${consumer}`}>
                <td>{stream}</td>
                <th scope="row">{consumer}</th>
                <td>{pending}</td>
                <td>{unsettled}</td>
                <td>{redelivered}</td>
                <td>{oldest_seconds === null ? "" : `${oldest_seconds} s`}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}
