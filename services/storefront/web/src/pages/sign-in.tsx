import { useLocation } from "preact-iso";
import { api, bodyOf } from "../api/client";
import { signIn } from "../state/session";
import { fieldsOf, type Submission, useSubmission } from "../ui/form";
import { safeNext } from "../ui/navigation";
import { ErrorNotice, Field, Page } from "../ui/parts";

async function logIn(email: string, password: string): Promise<void> {
  signIn(bodyOf(await api.POST("/v1/sessions", { body: { email, password } })));
}

function useForm(work: (fields: Record<string, string>) => Promise<void>): [Submission, (event: SubmitEvent) => void] {
  const submission = useSubmission();
  const { query, route } = useLocation();
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    const fields = fieldsOf(event.currentTarget as HTMLFormElement);
    void submission.run(async () => {
      await work(fields);
      route(safeNext(query["next"]), true);
    });
  };
  return [submission, submit];
}

export function SignInPage() {
  const [{ busy, error }, submit] = useForm(({ email = "", password = "" }) => logIn(email, password));
  return (
    <Page title="Sign in">
      <form onSubmit={submit}>
        <Field label="E-mail" name="email" type="email" autocomplete="username" required />
        <Field label="Password" name="password" type="password" autocomplete="current-password" required />
        {error.value && <ErrorNotice error={error.value} />}
        <button type="submit" class="primary" disabled={busy.value}>
          Sign in
        </button>
      </form>
      <p>
        No account yet? <a href={`/register${location.search}`}>Register</a>
      </p>
    </Page>
  );
}

async function register({ email = "", password = "", name = "", phone = "" }: Record<string, string>): Promise<void> {
  await api.POST("/v1/users", { body: { email, password, name, ...(phone === "" ? {} : { phone }) } });
  await logIn(email, password);
}

export function RegisterPage() {
  const [{ busy, error }, submit] = useForm(register);
  const fault = (field: string) => error.value?.fault(field);
  return (
    <Page title="Register">
      <form onSubmit={submit}>
        <Field label="Name" name="name" autocomplete="name" required fault={fault("name")} />
        <Field label="E-mail" name="email" type="email" autocomplete="username" required fault={fault("email")} />
        <Field
          label="Password"
          name="password"
          type="password"
          autocomplete="new-password"
          required
          hint="At least 8 characters, and hard to guess: three or four unrelated words are good."
          fault={fault("password")}
        />
        <Field label="Phone (optional)" name="phone" type="tel" autocomplete="tel" hint="Like +491701234567. For text messages, if you want any." fault={fault("phone")} />
        {error.value && <ErrorNotice error={error.value} />}
        <button type="submit" class="primary" disabled={busy.value}>
          Register
        </button>
      </form>
    </Page>
  );
}
