import { useSignal } from "@preact/signals";
import { api, bodyOf, staleness } from "../api/client";
import type { Product } from "../api/types";
import { money } from "../ui/format";
import { ErrorNotice, Loading, Page, StaleNotice } from "../ui/parts";
import { useAskAgain, useResource } from "../ui/resource";
import { useSubmission } from "../ui/form";

const PAGE_SIZE = 24;

interface Loaded {
  items: Product[];
  next: string | undefined;
  age: number | null;
}

async function load(cursor?: string, signal?: AbortSignal, again = false): Promise<Loaded> {
  const query = { limit: PAGE_SIZE, ...(cursor === undefined ? {} : { cursor }) };
  const answer = await api.GET("/v1/products", { params: { query }, ...(signal && { signal }), cache: again ? "no-cache" : "default" });
  const { items, next_cursor } = bodyOf(answer);
  return { items, next: next_cursor ?? undefined, age: staleness(answer.response) };
}

export function ProductsPage() {
  const first = useResource("products", (signal, again) => load(undefined, signal, again));
  useAskAgain(first, (page) => page.items.some(isUnknown));
  const more = useSignal<Loaded[]>([]);
  const submission = useSubmission();
  const pages = first.value.value === null ? [] : [first.value.value, ...more.value];
  const next = pages.at(-1)?.next;
  const age = pages.find((page) => page.age !== null)?.age ?? null;
  const showMore = () => submission.run(async () => void (more.value = [...more.value, await load(next)]));
  return (
    <Page title="Products">
      {age !== null && <StaleNotice seconds={age} what="Prices and availability" />}
      {first.error.value && <ErrorNotice error={first.error.value} retry={first.reload} />}
      {first.loading.value && pages.length === 0 && <Loading what="products" />}
      <ul class="grid">
        {pages.flatMap(({ items }) => items.map((product) => <Card key={product.sku} product={product} />))}
      </ul>
      {submission.error.value && <ErrorNotice error={submission.error.value} retry={() => void showMore()} />}
      {next !== undefined && (
        <button type="button" disabled={submission.busy.value} onClick={() => void showMore()}>
          {submission.busy.value ? "Loading…" : "Show more"}
        </button>
      )}
    </Page>
  );
}

function Card({ product }: { product: Product }) {
  return (
    <li class="card">
      <a href={`/products/${encodeURIComponent(product.sku)}`}>
        <img src={product.image_url} alt="" width="240" height="240" loading="lazy" decoding="async" />
        <span class="name">{product.name}</span>
      </a>
      <span class="price">{money(product.price)}</span>
      <Availability product={product} />
    </li>
  );
}

/** The catalogue asks about stock behind the reader's back: who comes first after a while is told that it is not known. */
export function isUnknown({ availability }: Product): boolean {
  return availability.status === "unknown";
}

export function Availability({ product }: { product: Product }) {
  const { status, quantity } = product.availability;
  switch (status) {
    case "in_stock":
      return <span class="badge good">In stock</span>;
    case "limited":
      return <span class="badge waiting">{typeof quantity === "number" ? `Only ${quantity} left` : "Limited stock"}</span>;
    case "out_of_stock":
      return <span class="badge bad">Out of stock</span>;
    default:
      return <span class="badge neutral">Availability not known right now</span>;
  }
}
