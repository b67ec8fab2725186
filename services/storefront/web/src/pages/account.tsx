import { useSignal } from "@preact/signals";
import { useLocation } from "preact-iso";
import { api, bodyOf } from "../api/client";
import type { User } from "../api/types";
import { forget } from "../state/session";
import { fieldsOf, useSubmission } from "../ui/form";
import { ErrorNotice, Field, Loading, Page } from "../ui/parts";
import { Require } from "../ui/require";
import { useResource } from "../ui/resource";

export function AccountPage() {
  return (
    <Require>
      <Account />
    </Require>
  );
}

function Account() {
  const { value, error, loading, reload } = useResource("me", async (signal) => bodyOf(await api.GET("/v1/users/me", { signal })));
  return (
    <Page title="Account">
      {error.value && <ErrorNotice error={error.value} retry={reload} />}
      {loading.value && value.value === null && <Loading what="your account" />}
      {value.value !== null && (
        <>
          <Profile user={value.value} saved={reload} />
          <Password />
          <Export />
          <Erase />
        </>
      )}
    </Page>
  );
}

function Profile({ user, saved }: { user: User; saved: () => void }) {
  const submission = useSubmission();
  const done = useSignal(false);
  const save = (event: SubmitEvent) => {
    event.preventDefault();
    const { name = "", phone = "", email, sms } = fieldsOf(event.currentTarget as HTMLFormElement);
    const notifications = { email: email === "on", sms: sms === "on" };
    done.value = false;
    void submission.run(async () => {
      await api.PATCH("/v1/users/me", { body: { name, phone: phone === "" ? null : phone, notifications } });
      done.value = true;
      saved();
    });
  };
  const fault = (field: string) => submission.error.value?.fault(field);
  return (
    <section aria-labelledby="profile">
      <h2 id="profile">Profile</h2>
      <p>{user.email}</p>
      <form onSubmit={save}>
        <Field label="Name" name="name" value={user.name} autocomplete="name" required fault={fault("name")} />
        <Field label="Phone" name="phone" type="tel" value={user.phone ?? ""} autocomplete="tel" fault={fault("phone")} />
        <fieldset>
          <legend>Tell me about my orders</legend>
          <Choice name="email" text="By e-mail" checked={user.notifications.email ?? true} />
          <Choice name="sms" text="By text message" checked={user.notifications.sms ?? false} />
        </fieldset>
        {submission.error.value && <ErrorNotice error={submission.error.value} />}
        <button type="submit" disabled={submission.busy.value}>
          Save
        </button>
        <span role="status">{done.value && " Saved."}</span>
      </form>
    </section>
  );
}

function Choice({ name, text, checked }: { name: string; text: string; checked: boolean }) {
  return (
    <label class="choice">
      <input type="checkbox" name={name} defaultChecked={checked} /> <span>{text}</span>
    </label>
  );
}

function Password() {
  const submission = useSubmission();
  const { route } = useLocation();
  const change = (event: SubmitEvent) => {
    event.preventDefault();
    const { current_password = "", new_password = "" } = fieldsOf(event.currentTarget as HTMLFormElement);
    void submission.run(async () => {
      await api.PUT("/v1/users/me/password", { body: { current_password, new_password } });
      // All sessions have ended, this one too.
      forget();
      route("/sign-in");
    });
  };
  const fault = (field: string) => submission.error.value?.fault(field);
  return (
    <section aria-labelledby="password">
      <h2 id="password">Password</h2>
      <form onSubmit={change}>
        <Field label="Current password" name="current_password" type="password" autocomplete="current-password" required fault={fault("current_password")} />
        <Field label="New password" name="new_password" type="password" autocomplete="new-password" required fault={fault("new_password")} />
        {submission.error.value && <ErrorNotice error={submission.error.value} />}
        <button type="submit" disabled={submission.busy.value}>
          Change, and sign out everywhere
        </button>
      </form>
    </section>
  );
}

function Export() {
  const submission = useSubmission();
  const save = () =>
    submission.run(async () => {
      const text = JSON.stringify(bodyOf(await api.GET("/v1/users/me/export")), null, 2);
      const url = URL.createObjectURL(new Blob([text], { type: "application/json" }));
      const link = Object.assign(document.createElement("a"), { href: url, download: "holdfast-account.json" });
      link.click();
      URL.revokeObjectURL(url);
    });
  return (
    <section aria-labelledby="export">
      <h2 id="export">Your data</h2>
      {submission.error.value && <ErrorNotice error={submission.error.value} retry={() => void save()} />}
      <button type="button" disabled={submission.busy.value} onClick={() => void save()}>
        Download all we know about you
      </button>
    </section>
  );
}

function Erase() {
  const sure = useSignal(false);
  const submission = useSubmission();
  const { route } = useLocation();
  const erase = () =>
    submission.run(async () => {
      await api.DELETE("/v1/users/me");
      forget();
      route("/");
    });
  return (
    <section aria-labelledby="erase">
      <h2 id="erase">Delete the account</h2>
      <p>Your name, addresses and preferences become unreadable at once and for good. Orders stay, without your name.</p>
      <label class="choice">
        <input type="checkbox" checked={sure.value} onChange={(event) => (sure.value = event.currentTarget.checked)} />
        <span>I know that this cannot be undone.</span>
      </label>
      {submission.error.value && <ErrorNotice error={submission.error.value} retry={() => void erase()} />}
      <button type="button" class="danger" disabled={!sure.value || submission.busy.value} onClick={() => void erase()}>
        Delete my account
      </button>
    </section>
  );
}
