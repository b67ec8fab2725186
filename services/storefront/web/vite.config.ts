import { defineConfig } from "vite";

// The gateway of `make up`, for `npm run dev`.
const gateway = process.env["HOLDFAST_GATEWAY"] ?? "http://localhost:8080";

export default defineConfig({
  build: {
    target: "es2022",
    // Inlined data: URLs would need holes in the content security policy.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: true,
  },
  server: { proxy: { "/v1": { target: gateway, ws: true }, "/images": gateway } },
});
