// Send the form's file straight to the bucket. Without this script the form sends it to
// the site, as any form does.

const form = document.querySelector("form[data-grant]");
const bar = form.querySelector("progress");
const fault = form.querySelector("[role=alert]");
const button = form.querySelector("button");

async function ask(url, ticket) {
  const body = new FormData();
  body.set("csrfmiddlewaretoken", form.elements.csrfmiddlewaretoken.value);
  body.set("ticket", ticket);
  const response = await fetch(url, { method: "POST", body });
  const answer = await response.json().catch(() => ({}));
  if (!response.ok) {
    throw new Error(answer.error || "The site does not take this: try again.");
  }
  return answer;
}

function send(url, fields, file) {
  return new Promise((resolve, reject) => {
    const body = new FormData();
    Object.entries(fields).forEach(([name, value]) => body.set(name, value));
    // Last: the bucket reads no field behind it.
    body.set("file", file);
    const request = new XMLHttpRequest();
    const fail = () => reject(new Error("The bucket does not take this file."));
    request.upload.addEventListener("progress", (event) => {
      bar.value = event.loaded / event.total;
    });
    request.addEventListener("error", fail);
    request.addEventListener("load", () => (request.status < 300 ? resolve() : fail()));
    request.open("POST", url);
    request.send(body);
  });
}

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const [file] = form.elements.file.files;
  fault.textContent = "";
  button.disabled = true;
  bar.hidden = false;
  try {
    if (file.size > Number(form.dataset.limit)) {
      throw new Error("The file is too large.");
    }
    const { url, fields, ticket } = await ask(form.dataset.grant, "");
    await send(url, fields, file);
    const answer = await ask(form.dataset.take, ticket);
    window.location.assign(answer.next);
  } catch (error) {
    fault.textContent = error.message;
    button.disabled = false;
    bar.hidden = true;
  }
});
