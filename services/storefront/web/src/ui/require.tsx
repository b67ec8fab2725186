import type { ComponentChildren } from "preact";
import { useLocation } from "preact-iso";
import { isStaff, signedIn } from "../state/session";
import { Page } from "./parts";

/** Shows a page to who may see it. The gateway is who enforces it; this only says it more kindly. */
export function Require({ staff = false, children }: { staff?: boolean; children: ComponentChildren }) {
  const { url } = useLocation();
  if (!signedIn.value) {
    return (
      <Page title="Sign in first">
        <p>
          <a href={`/sign-in?next=${encodeURIComponent(url)}`}>Sign in</a> to see this page.
        </p>
      </Page>
    );
  }
  if (staff && !isStaff.value) {
    return (
      <Page title="For staff">
        <p>Your account is not one of the staff.</p>
      </Page>
    );
  }
  return <>{children}</>;
}
