// Send the form's file straight to the bucket. Without this script the form sends it to
// the site.

const form = document.querySelector("form[data-direct-upload]");
const bar = form.querySelector("progress");
const alertBox = form.querySelector("[role=alert]");
const button = form.querySelector("button");

async function post(fields) {
  const body = new FormData();
  body.set("csrfmiddlewaretoken", form.elements.csrfmiddlewaretoken.value);
  Object.entries(fields).forEach(([name, value]) => body.set(name, value));
  const response = await fetch(form.dataset.directUpload, { method: "POST", body });
  const answer = await response.json().catch(() => ({}));
  if (!response.ok) {
    throw new Error(answer.error || form.dataset.failed);
  }
  return answer;
}

function send(url, fields, file) {
  return new Promise((resolve, reject) => {
    const body = new FormData();
    Object.entries(fields).forEach(([name, value]) => body.set(name, value));
    // Last: the bucket ignores fields behind it.
    body.set("file", file);
    const request = new XMLHttpRequest();
    const fail = () => reject(new Error(form.dataset.refused));
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
  alertBox.textContent = "";
  button.disabled = true;
  bar.hidden = false;
  try {
    if (file.size > Number(form.dataset.maxBytes)) {
      throw new Error(form.dataset.tooLarge);
    }
    const { url, fields, token } = await post({});
    await send(url, fields, file);
    const answer = await post({ token });
    window.location.assign(answer.next);
  } catch (error) {
    alertBox.textContent = error.message;
    button.disabled = false;
    bar.hidden = true;
  }
});
