import { useSignal } from "@preact/signals";
import { useLocation } from "preact-iso";
import { api, bodyOf } from "../api/client";
import { ApiError } from "../api/problem";
import { type CartLine, cart, cartTotal, checkoutKey, emptyCart, endCheckout, MAX_QUANTITY, setQuantity } from "../state/cart";
import { signedIn } from "../state/session";
import { useSubmission } from "../ui/form";
import { money } from "../ui/format";
import { ErrorNotice, Page } from "../ui/parts";

/** The cards of the sandbox provider: each behaves in its own way. */
const TEST_CARDS = [
  ["tok_ok", "Works"],
  ["tok_declined", "Is declined"],
  ["tok_slow", "Takes eight seconds"],
  ["tok_error", "Fails for five seconds, then works"],
  ["tok_lost_response", "Charges, and its answer gets lost"],
  ["tok_webhook_only", "Answers three seconds later by webhook"],
  ["tok_webhook_twice", "Answers by webhook, twice"],
] as const;

export function CartPage() {
  const lines = cart.value;
  return (
    <Page title="Cart">
      {lines.length === 0 ? (
        <p>
          Your cart is empty. <a href="/">Look at the products.</a>
        </p>
      ) : (
        <>
          <Lines lines={lines} />
          {signedIn.value ? <Checkout /> : <SignInFirst />}
        </>
      )}
    </Page>
  );
}

function Lines({ lines }: { lines: CartLine[] }) {
  const total = cartTotal.value;
  return (
    <div class="scroll">
      <table>
        <thead>
          <tr>
            <th scope="col">Product</th>
            <th scope="col">Price</th>
            <th scope="col">Quantity</th>
            <td />
          </tr>
        </thead>
        <tbody>
          {lines.map((line) => (
            <Line key={line.sku} line={line} />
          ))}
        </tbody>
        {total !== null && (
          <tfoot>
            <tr>
              <th scope="row">Total</th>
              <td colSpan={3} class="price">
                {money(total)}
              </td>
            </tr>
          </tfoot>
        )}
      </table>
    </div>
  );
}

function Line({ line }: { line: CartLine }) {
  return (
    <tr>
      <th scope="row">
        <a href={`/products/${encodeURIComponent(line.sku)}`}>{line.name}</a>
      </th>
      <td>{money(line.price)}</td>
      <td>
        <input
          type="number"
          aria-label={`Quantity of ${line.name}`}
          min={1}
          max={MAX_QUANTITY}
          value={line.quantity}
          onChange={(event) => setQuantity(line.sku, event.currentTarget.valueAsNumber || line.quantity)}
        />
      </td>
      <td>
        <button type="button" class="link" aria-label={`Remove ${line.name}`} onClick={() => setQuantity(line.sku, 0)}>
          Remove
        </button>
      </td>
    </tr>
  );
}

function SignInFirst() {
  return (
    <p>
      <a href="/sign-in?next=/cart">Sign in</a> or <a href="/register?next=/cart">register</a> to order. Your cart stays.
    </p>
  );
}

/** What is asked again with the same key is the same order: so trying again after a lost answer is safe. */
async function placeOrder(paymentToken: string): Promise<string> {
  const total = cartTotal.value;
  const answer = await api.POST("/v1/orders", {
    params: { header: { "Idempotency-Key": checkoutKey(paymentToken) } },
    body: {
      lines: cart.value.map(({ sku, quantity }) => ({ sku, quantity })),
      payment_token: paymentToken,
      ...(total === null ? {} : { expected_total: total }),
    },
  });
  return bodyOf(answer).id;
}

function Checkout() {
  const card = useSignal<string>(TEST_CARDS[0][0]);
  const submission = useSubmission();
  const { route } = useLocation();
  const order = () =>
    submission.run(async () => {
      const id = await placeOrder(card.value).catch((error: unknown) => {
        if (error instanceof ApiError && !error.passing) endCheckout();
        throw error;
      });
      endCheckout();
      emptyCart();
      route(`/orders/${id}`);
    });
  const submit = (event: Event) => {
    event.preventDefault();
    void order();
  };
  return (
    <form onSubmit={submit}>
      <fieldset>
        <legend>Test card</legend>
        {TEST_CARDS.map(([token, text]) => (
          <label key={token} class="choice">
            <input type="radio" name="card" value={token} checked={card.value === token} onChange={() => (card.value = token)} />
            <span>
              {text} <code>{token}</code>
            </span>
          </label>
        ))}
      </fieldset>
      {submission.error.value && <ErrorNotice error={submission.error.value} retry={() => void order()} />}
      <button type="submit" class="primary" disabled={submission.busy.value}>
        {submission.busy.value ? "Ordering…" : "Order and pay"}
      </button>
    </form>
  );
}
