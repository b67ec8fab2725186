// What one would write with Socket.IO: a room per user, fed by the same live messages. It has no replay, no order between
// snapshot and live messages, no bound per client and no authorization: only the sending is compared.
import { createServer } from "node:http";
import { connect } from "@nats-io/transport-node";
import { Server } from "socket.io";

const STATUS = {
  orderCreated: "created",
  inventoryReserved: "inventory_reserved",
  paymentPending: "payment_pending",
  paymentSucceeded: "payment_succeeded",
  orderCompleted: "completed",
};

const http = createServer();
const io = new Server(http, { transports: ["websocket"], perMessageDeflate: false, serveClient: false });
io.on("connection", (socket) => socket.join(socket.handshake.auth.user));

const nats = await connect({ servers: process.env.NATS_URL });
nats.subscribe("status.*.*", {
  callback: (_error, message) => {
    const { orderId, userId, time, events } = message.json();
    for (const event of events) {
      const version = Number(event.version);
      const kind = Object.keys(event).find((name) => name !== "version");
      const update = { order_id: orderId, status: STATUS[kind], version, time, event_id: `${orderId}.${version}` };
      io.to(userId).emit("status", update);
    }
  },
});
await nats.flush();
http.listen(Number(process.env.PORT), "127.0.0.1", () => console.log("ready"));
