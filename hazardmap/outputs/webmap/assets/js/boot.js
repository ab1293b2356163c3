/* Unpacks the scripts of this page and runs them in order. The only script that is not compressed. */
(async () => {
  const unpack = async (element) => {
    const bytes = Uint8Array.from(atob(element.textContent), (character) => character.charCodeAt(0));
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
    return new Response(stream).text();
  };
  const wait = document.getElementById("hm-wait");
  try {
    const packed = [...document.querySelectorAll('script[id^="hm-script-"]')];
    for (const text of await Promise.all(packed.map(unpack))) {
      const script = document.createElement("script");
      script.textContent = text;
      document.head.append(script);
    }
  } catch (error) {
    wait.textContent =
      "This browser is too old for this map. · Deze browser is te oud voor deze kaart. · " +
      "Ce navigateur est trop ancien pour cette carte. · Dieser Browser ist zu alt für diese Karte.";
    throw error;
  }
})();
