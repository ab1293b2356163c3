/* Whom to call in a territory. Everything in the table is shown as text. */
(() => {
  const hm = window.hazardmap;

  /* Contacts of a territory, then those of its country. */
  const contactsOf = (id) => {
    const country = hm.page.territories?.names[id]?.country;
    const own = hm.page.contacts.filter((contact) => contact.territory === id);
    return country === id ? own : [...own, ...hm.page.contacts.filter((contact) => contact.territory === country)];
  };

  const reach = (contact) => [contact.phone, contact.email].filter(Boolean).join(" · ");

  hm.contactList = (id) => {
    const found = contactsOf(id);
    if (!found.length) return "";
    return hm.el("section", { class: "hm-contacts" }, hm.el("h3", {}, hm.text("contacts")), hm.el("ul", {}, ...found.map((contact) =>
      hm.el("li", {}, hm.el("strong", {}, contact.organisation), ` ${reach(contact)}`, contact.languages && hm.el("span", { class: "hm-fine" }, ` ${contact.languages}`)))));
  };

  hm.contactTable = () => {
    const { contacts } = hm.page;
    if (!contacts.length) return [];
    const heads = ["territory", "organisation", "phone", "email", "languages"].map((key) => hm.text(`column.${key}`));
    const rows = contacts.map((contact) => [hm.territory(contact.territory), contact.organisation, contact.phone, contact.email, contact.languages]);
    return [hm.el("h3", {}, hm.text("contacts")), hm.scroller(hm.text("contacts"), hm.table(heads, rows))];
  };
})();
