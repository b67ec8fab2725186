import { Page } from "../ui/parts";
import { Require } from "../ui/require";

export function ConsolePage() {
  return (
    <Require staff>
      <Page title="Console">
        <p>…</p>
      </Page>
    </Require>
  );
}
