import "./credentials.js";
import "neuroglancer";
import { setupDefaultViewer } from "neuroglancer/unstable/ui/default_viewer_setup.js";

// Also sets window.viewer, as upstream's own page does.
setupDefaultViewer();
