"""All else that the package `openai` calls: completions, embeddings, images, sound, files."""

from typing import Any

from tests.e2e.sdks.case import Case

PROMPT: dict[str, Any] = {"model": "gpt-3.5-turbo-instruct", "prompt": "Grüße"}
EMBEDDED: dict[str, Any] = {"model": "text-embedding-3-small", "input": ["a", "b"]}
DRAWN: dict[str, Any] = {"model": "gpt-image-1", "prompt": "a river"}
PICTURE = ("a.png", b"\x89PNG\r\n\x1a\n" + bytes(3000))
EDITED = DRAWN | {"image": PICTURE, "mask": PICTURE}
HEARD: dict[str, Any] = {"model": "whisper-1", "file": ("a.wav", b"RIFF" + bytes(5000))}
SAID: dict[str, Any] = {"model": "tts-1", "voice": "alloy", "input": "Where does the water go?"}
FILE = {"file": ("a.txt", b"hello\n" * 50_000), "purpose": "assistants"}
BATCH = {
    "input_file_id": "file-1",
    "endpoint": "/v1/chat/completions",
    "completion_window": "24h",
}
PAGES: dict[str, Any] = {"how": {"x-next": "last files"}, "attempts": 2, "earlier": "completed"}
STREAM = {"stream": True}
COMPLETE, EMBED = "completions.create", "embeddings.create"
DRAW, EDIT = "images.generate", "images.edit"
TRANSCRIBE = "audio.transcriptions.create"
SPEAK = "audio.speech.create"
SPEAK_STREAMED = "audio.speech.with_streaming_response.create"

CASES = [
    Case("completions", COMPLETE, PROMPT, "openai_completions/plain"),
    Case("completions stream", COMPLETE, PROMPT | STREAM, "openai_completions/stream", "stream"),
    Case("embeddings", EMBED, EMBEDDED, "openai_embeddings/plain_base64"),
    Case(
        "embeddings as numbers",
        EMBED,
        EMBEDDED | {"encoding_format": "float"},
        "openai_embeddings/plain",
    ),
    Case("images", DRAW, DRAWN, "openai_images/plain_tokens"),
    Case("images stream", DRAW, DRAWN | STREAM, "openai_images/stream", "stream"),
    Case("large image", DRAW, DRAWN, "large image", usage=(5, 7)),
    Case("large image stream", DRAW, DRAWN | STREAM, "large image stream", "stream", usage=(5, 7)),
    Case("image edit", EDIT, EDITED, "openai_images/plain_tokens"),
    Case("image edit stream", EDIT, EDITED | STREAM, "openai_images/stream", "stream"),
    Case("transcription", TRANSCRIBE, HEARD, "openai_audio/plain_duration"),
    Case("transcription stream", TRANSCRIBE, HEARD | STREAM, "openai_audio/stream", "stream"),
    Case("speech", SPEAK, SAID, "speech", "binary"),
    Case("speech stream", SPEAK_STREAMED, SAID, "speech", "bytes"),
    Case(
        "speech events",
        SPEAK_STREAMED,
        SAID | {"stream_format": "sse"},
        "openai_audio/stream_speech",
        "bytes",
    ),
    Case("file sent", "files.create", FILE, "openai file"),
    Case("file got", "files.content", {"file_id": "file-1"}, "speech", "binary"),
    Case("file", "files.retrieve", {"file_id": "file-1"}, "openai file"),
    Case("file of an odd name", "files.retrieve", {"file_id": "a/b c%2F?ü#"}, "openai file"),
    Case("files", "files.list", {"limit": 1}, "files", "stream", **PAGES),
    Case("container deleted", "containers.delete", {"container_id": "cntr_1"}, "nothing"),
    Case("batch", "batches.create", BATCH, "openai batch"),
    Case("models", "models.list", {}, "models"),
]

ASKED = {"model": "my deploy", "messages": [{"role": "user", "content": "Why is the sky blue?"}]}
CHAT = "chat.completions.create"
AZURE = [
    Case("chat", CHAT, ASKED, "openai_chat/plain_azure"),
    Case("chat stream", CHAT, ASKED | STREAM, "openai_chat/stream_usage", "stream"),
    Case("embeddings", EMBED, EMBEDDED, "openai_embeddings/plain"),
    Case("images", DRAW, DRAWN, "openai_images/plain_tokens"),
    Case("transcription", TRANSCRIBE, HEARD, "openai_audio/plain_duration"),
]
