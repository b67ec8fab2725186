import { render } from "preact";
import { ErrorBoundary, LocationProvider, Route, Router } from "preact-iso";
import { CartPage } from "./pages/cart";
import { AccountPage } from "./pages/account";
import { ConsolePage } from "./pages/console";
import { InspectPage } from "./pages/inspect";
import { NotFoundPage } from "./pages/not-found";
import { OrderPage } from "./pages/order";
import { OrdersPage } from "./pages/orders";
import { ProductPage } from "./pages/product";
import { ProductsPage } from "./pages/products";
import { RegisterPage, SignInPage } from "./pages/sign-in";
import { followOtherTabs } from "./state/session";
import { Shell } from "./ui/shell";

function App() {
  return (
    <LocationProvider>
      <ErrorBoundary>
        <Shell>
          <Router>
            <Route path="/" component={ProductsPage} />
            <Route path="/products/:sku" component={ProductPage} />
            <Route path="/cart" component={CartPage} />
            <Route path="/sign-in" component={SignInPage} />
            <Route path="/register" component={RegisterPage} />
            <Route path="/orders" component={OrdersPage} />
            <Route path="/orders/:id" component={OrderPage} />
            <Route path="/account" component={AccountPage} />
            <Route path="/console" component={ConsolePage} />
            <Route path="/console/orders/:id" component={InspectPage} />
            <Route default component={NotFoundPage} />
          </Router>
        </Shell>
      </ErrorBoundary>
    </LocationProvider>
  );
}

followOtherTabs();
const root = document.getElementById("app");
if (root !== null) render(<App />, root);
