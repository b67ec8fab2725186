// What every page has around it.
import type { ComponentChildren } from "preact";
import { useLocation } from "preact-iso";
import { mode, stale } from "../live/live";
import { cartCount } from "../state/cart";
import { isStaff, signedIn, signOut } from "../state/session";

export function Shell({ children }: { children: ComponentChildren }) {
  return (
    <>
      <a class="skip" href="#main">
        Skip to content
      </a>
      <header>
        <a class="brand" href="/">
          Holdfast
        </a>
        <nav aria-label="Main">
          <NavLink href="/" text="Products" />
          {signedIn.value && <NavLink href="/orders" text="Orders" />}
          {isStaff.value && <NavLink href="/console" text="Console" />}
          <NavLink href="/cart" text={`Cart (${cartCount.value})`} />
          {signedIn.value ? <SignedIn /> : <NavLink href="/sign-in" text="Sign in" />}
        </nav>
      </header>
      <ConnectionBadge />
      {children}
      <footer>
        <a href="/docs" rel="external" target="_self">
          API
        </a>
        <span>A shop that stays open when its parts are down.</span>
      </footer>
    </>
  );
}

function NavLink({ href, text }: { href: string; text: string }) {
  const { path } = useLocation();
  return (
    <a href={href} aria-current={path === href ? "page" : undefined}>
      {text}
    </a>
  );
}

function SignedIn() {
  const { route } = useLocation();
  const leave = async () => {
    await signOut();
    route("/");
  };
  return (
    <>
      <NavLink href="/account" text="Account" />
      <button type="button" class="link" onClick={() => void leave()}>
        Sign out
      </button>
    </>
  );
}

function connectionWords(): string | null {
  if (mode.value === "polling") return "Live updates are away: this page looks every 5 seconds.";
  return stale.value ? "The newest state cannot be seen right now: what you see may be old." : null;
}

/** Said only when something is watched and the stream is not there. */
function ConnectionBadge() {
  const words = connectionWords();
  return (
    <p class={words === null ? "connection" : "connection waiting"} role="status" data-mode={mode.value}>
      {words}
    </p>
  );
}
