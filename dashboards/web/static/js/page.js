// What every signed-in page does: listen to the stream, tick the ages, say when the line is lost.
import { listen } from "./live.js";
import { tickAges, setServerTime } from "./ages.js";
import { attend } from "./attention.js";

setServerTime(Number(document.body.dataset.now));
tickAges();
attend();
listen(document.body.dataset.stream);
