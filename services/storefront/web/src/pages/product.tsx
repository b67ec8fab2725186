import { useSignal } from "@preact/signals";
import { useLocation, useRoute } from "preact-iso";
import { api, bodyOf, staleness } from "../api/client";
import type { Product } from "../api/types";
import { addToCart, MAX_QUANTITY } from "../state/cart";
import { money } from "../ui/format";
import { ErrorNotice, Loading, Page, StaleNotice } from "../ui/parts";
import { useAskAgain, useResource } from "../ui/resource";
import { Availability, isUnknown } from "./products";

async function load(sku: string, signal: AbortSignal, again: boolean): Promise<{ product: Product; age: number | null }> {
  const answer = await api.GET("/v1/products/{sku}", { params: { path: { sku } }, signal, cache: again ? "no-cache" : "default" });
  return { product: bodyOf(answer), age: staleness(answer.response) };
}

export function ProductPage() {
  const sku = useRoute().params["sku"] ?? "";
  const resource = useResource(sku, (signal, again) => load(sku, signal, again));
  useAskAgain(resource, ({ product }) => isUnknown(product));
  const { value, error, loading, reload } = resource;
  const loaded = value.value;
  return (
    <Page title={loaded?.product.name ?? "Product"}>
      {error.value && <ErrorNotice error={error.value} retry={reload} />}
      {loading.value && loaded === null && <Loading what="the product" />}
      {loaded !== null && loaded.age !== null && <StaleNotice seconds={loaded.age} what="Price and availability" />}
      {loaded !== null && <Details product={loaded.product} />}
    </Page>
  );
}

function Details({ product }: { product: Product }) {
  return (
    <article class="product">
      <img src={product.image_url} alt="" width="480" height="480" />
      <div>
        <p class="price">{money(product.price)}</p>
        <p>
          <Availability product={product} />
        </p>
        <p>{product.description}</p>
        {product.availability.status === "out_of_stock" ? <p>Come back later: new goods are on their way.</p> : <AddToCart product={product} />}
      </div>
    </article>
  );
}

function AddToCart({ product }: { product: Product }) {
  const quantity = useSignal(1);
  const { route } = useLocation();
  const add = (event: Event) => {
    event.preventDefault();
    const { sku, name, price, image_url } = product;
    addToCart({ sku, name, price, imageUrl: image_url, quantity: quantity.value });
    route("/cart");
  };
  return (
    <form onSubmit={add} class="row">
      <label for="quantity">Quantity</label>
      <input
        id="quantity"
        type="number"
        required
        min={1}
        max={MAX_QUANTITY}
        value={quantity.value}
        onInput={(event) => (quantity.value = event.currentTarget.valueAsNumber)}
      />
      <button type="submit" class="primary">
        Add to cart
      </button>
    </form>
  );
}
