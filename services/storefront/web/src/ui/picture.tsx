// One order's saga as a picture: a lane for each service, an event where it happened, and how long each step took.
import type { OrderEvent } from "../api/types";
import { clockTime, eventWords } from "./format";

const LANES = ["Order", "Inventory", "Payment"] as const;
const ROW = 44;
const TOP = 36;
const WIDTH = 720;
const LEFT = 190;
const GAP = 190;

export interface Step {
  event: OrderEvent;
  lane: number;
  /** Milliseconds since the step before; null for the first. */
  after: number | null;
  label: string;
}

export function stepsOf(events: OrderEvent[]): Step[] {
  return events.map((event, index) => {
    const before = events[index - 1];
    return {
      event,
      lane: laneOf(event.type),
      after: before === undefined ? null : Date.parse(event.time) - Date.parse(before.time),
      label: eventWords(event.type) + attemptOf(event),
    };
  });
}

export function laneOf(type: string): number {
  if (type.startsWith("Inventory")) return 1;
  return type.startsWith("Payment") ? 2 : 0;
}

function attemptOf({ data }: OrderEvent): string {
  const attempt = Object(data)["attempt"] as unknown;
  return typeof attempt === "number" && attempt > 1 ? ` (try ${attempt})` : "";
}

export function duration(milliseconds: number): string {
  if (milliseconds < 1000) return `+${milliseconds} ms`;
  return milliseconds < 120_000 ? `+${(milliseconds / 1000).toFixed(1)} s` : `+${Math.round(milliseconds / 60_000)} min`;
}

export function Picture({ events }: { events: OrderEvent[] }) {
  const steps = stepsOf(events);
  const height = TOP + steps.length * ROW;
  return (
    <svg class="picture" viewBox={`0 0 ${WIDTH} ${height}`} role="img" aria-label="The steps of the order by service and time">
      {LANES.map((name, lane) => (
        <g key={name}>
          <line x1={x(lane)} y1={TOP - 8} x2={x(lane)} y2={height} />
          <text x={x(lane)} y={16} text-anchor="middle" font-weight="700">
            {name}
          </text>
        </g>
      ))}
      {steps.map((step, row) => (
        <Mark key={step.event.version} step={step} y={TOP + row * ROW + ROW / 2} />
      ))}
    </svg>
  );
}

function Mark({ step: { event, lane, after, label }, y }: { step: Step; y: number }) {
  return (
    <g class={toneOf(event.type)}>
      <text class="muted" x={4} y={y + 4}>
        {clockTime(event.time)}
      </text>
      <text class="muted" x={110} y={y + 4}>
        {after !== null && duration(after)}
      </text>
      <circle cx={x(lane)} cy={y} r={7} />
      <text x={x(lane) + 14} y={y + 4}>
        {label}
      </text>
    </g>
  );
}

export function toneOf(type: string): string {
  if (/Cancelled|Failed|NotAvailable|Parked/.test(type)) return "bad";
  return type === "OrderCompleted" ? "good" : "neutral";
}

function x(lane: number): number {
  return LEFT + lane * GAP;
}
