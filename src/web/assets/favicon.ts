// The mark of hiscinema.com: a projector's lamp and a play sign.

export const FAVICON = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><circle cx="16" cy="16" r="15" fill="#c2361f"/><path fill="#fff6e6" d="M12.5 9.6v12.8a.8.8 0 0 0 1.2.7l10.4-6.4a.8.8 0 0 0 0-1.4L13.7 8.9a.8.8 0 0 0-1.2.7z"/></svg>
`;
