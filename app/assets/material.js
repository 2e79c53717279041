// Stands for Material's bundle in notebooks, where every component would carry a copy of it.
// What `quests_app.notebook.comm` shows first puts the one copy here.
while (!globalThis.questsMaterial) await new Promise((resolve) => setTimeout(resolve, 20));
export default (await globalThis.questsMaterial).default;
