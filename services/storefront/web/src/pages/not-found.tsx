import { Page } from "../ui/parts";

export function NotFoundPage() {
  return (
    <Page title="Not found">
      <p>
        There is nothing here. <a href="/">Look at the products.</a>
      </p>
    </Page>
  );
}
