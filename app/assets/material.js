// Replaces panel-material-ui's bundle in notebooks, where every component would otherwise contain a copy.
// The first output of `quests_app.notebook.comm` provides the only copy.
while (!globalThis.questsMaterial) await new Promise((resolve) => setTimeout(resolve, 20));
export default (await globalThis.questsMaterial).default;
