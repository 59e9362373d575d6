/** The page's own words, Vietnamese first and English second. Titles and names of data come from the server. */

import type { Lang, Text } from "./shapes";

const WORDS = {
  page_title: ["Đô thị – bản đồ và thông tin quy hoạch", "Đô thị – map and planning information"],
  map_view: ["Bản đồ", "Map"],
  figures_view: ["Số liệu", "Figures"],
  views: ["Chế độ xem", "Views"],
  language: ["Ngôn ngữ", "Language"],
  map_label: ["Bản đồ. Nhấn Enter để tra cứu điểm ở giữa.", "Map. Press Enter to look up the point in the middle."],
  skip_to_map: ["Đến bản đồ", "Skip to the map"],
  close: ["Đóng", "Close"],
  retry: ["Thử lại", "Try again"],
  loading: ["Đang tải…", "Loading…"],
  zoom_in: ["Phóng to", "Zoom in"],
  zoom_out: ["Thu nhỏ", "Zoom out"],
  whole_area: ["Về toàn vùng", "Back to the whole area"],

  search_label: ["Tìm thửa đất hoặc địa chỉ", "Find a parcel or an address"],
  search_placeholder: ["Số tờ, số thửa, mã thửa hoặc địa chỉ", "Sheet and parcel number, code or address"],
  search_clear: ["Xoá ô tìm", "Clear the search"],
  search_results: ["Gợi ý", "Suggestions"],
  search_count: ["{n} gợi ý", "{n} suggestions"],
  search_nothing: ["Không tìm thấy “{q}”.", "Nothing found for “{q}”."],
  search_hint: [
    "Thử: mã xã/số tờ/số thửa, ví dụ 99001/12/45; tên đường kèm số nhà; hoặc toạ độ 20,25 106,1. Cũng có thể bấm thẳng lên bản đồ.",
    "Try commune/sheet/parcel, such as 99001/12/45; a street with its house number; or coordinates 20.25 106.1. Or click on the map.",
  ],
  click_hint: ["hoặc bấm vào thửa đất trên bản đồ", "or click on a parcel of the map"],
  kind_parcel: ["Thửa đất", "Parcel"],
  kind_address: ["Địa chỉ", "Address"],
  kind_unit: ["Đơn vị hành chính", "Administrative unit"],
  kind_point: ["Toạ độ", "Coordinates"],

  card_parcel: ["Thửa đất số {no}", "Parcel no. {no}"],
  card_sheet: ["tờ bản đồ {sheet}", "map sheet {sheet}"],
  card_point: ["Điểm trên bản đồ", "Point on the map"],
  card_loading: ["Đang tra cứu thông tin quy hoạch…", "Looking up planning information…"],
  card_failed: ["Chưa tra cứu được", "The lookup did not work"],
  card_not_found: ["Không có trong dữ liệu", "Not in the data"],
  card_several: ["Có nhiều kết quả, hãy chọn một", "Several fit; choose one"],
  card_no_parcel: ["Tại điểm này chưa có thửa đất nào trong dữ liệu.", "No parcel in the data at this point."],
  card_code: ["Mã thửa", "Parcel code"],
  area_measured: ["Diện tích tính từ bản đồ", "Area measured on the map"],
  area_official: ["Diện tích theo hồ sơ", "Area on record"],
  land_use: ["Mục đích sử dụng", "Land use"],
  answer_for: ["Quy hoạch đối với thửa đất này", "Planning for this parcel"],
  answer_for_point: ["Quy hoạch tại điểm này", "Planning at this point"],
  sheet_grow: ["Mở rộng phiếu", "Enlarge the sheet"],
  sheet_shrink: ["Thu gọn phiếu", "Shrink the sheet"],

  state_affected: ["Có ảnh hưởng", "Affected"],
  state_touched: ["Chạm ranh", "Touched"],
  state_not_affected: ["Không ảnh hưởng", "Not affected"],
  state_unknown: ["Chưa biết", "Unknown"],
  explain_affected: ["Quy hoạch có quy định đối với đất này.", "A plan says something about this land."],
  explain_touched: [
    "Chỉ chạm ranh, phần chung nhỏ hơn sai số đo.",
    "Only touches the edge; the shared part is below the tolerance of measurement.",
  ],
  explain_not_affected: [
    "Dữ liệu ở đây đầy đủ và không có quy định nào chạm tới.",
    "The data here is complete, and nothing in it reaches this land.",
  ],
  explain_unknown: ["Hệ thống chưa có đủ dữ liệu ở đây.", "The system lacks data here."],
  unknown_means: [
    "“Chưa biết” không có nghĩa là “không ảnh hưởng”: hãy hỏi cơ quan có thẩm quyền.",
    "“Unknown” does not mean “not affected”: ask the competent authority.",
  ],
  extent: ["Phần bị ảnh hưởng: {area} ({share} thửa đất)", "Part affected: {area} ({share} of the parcel)"],
  known_share: ["Mới biết {share} diện tích", "Known for {share} of the area"],
  zones_rest: ["Không thuộc ô nào của đồ án", "In no zone of the plan"],

  max_coverage_pct: ["Mật độ tối đa", "Max. coverage"],
  min_coverage_pct: ["Mật độ tối thiểu", "Min. coverage"],
  coverage_pct: ["Mật độ xây dựng", "Building coverage"],
  max_far: ["Hệ số SDĐ tối đa", "Max. floor area ratio"],
  min_far: ["Hệ số SDĐ tối thiểu", "Min. floor area ratio"],
  far: ["Hệ số sử dụng đất", "Floor area ratio"],
  max_storeys: ["Tầng cao tối đa", "Max. storeys"],
  min_storeys: ["Tầng cao tối thiểu", "Min. storeys"],
  storeys: ["Tầng cao", "Storeys"],
  max_height_m: ["Chiều cao tối đa", "Max. height"],
  min_height_m: ["Chiều cao tối thiểu", "Min. height"],
  height_m: ["Chiều cao", "Height"],
  setback_m: ["Khoảng lùi", "Setback"],
  population: ["Dân số quy hoạch", "Planned population"],
  width_m: ["Bề rộng bị giới hạn", "Width of the restricted strip"],
  contact_m: ["Chiều dài trong thửa", "Length within the parcel"],
  storeys_unit: ["{n} tầng", "{n} storeys"],
  people_unit: ["{n} người", "{n} people"],

  decision: ["Quyết định", "Decision"],
  decision_of: ["{no} ngày {date}", "{no} of {date}"],
  authority: ["Cơ quan phê duyệt", "Approved by"],
  status: ["Tình trạng", "Status"],
  changed: ["Thay đổi", "Change"],
  changed_in_part: ["Đã thay đổi ở một phần gần đây", "Changed in a part nearby"],
  valid_from: ["Hiệu lực từ", "In force since"],
  documents: ["Văn bản", "Documents"],
  details: ["Chi tiết", "Details"],
  level_general: ["Quy hoạch chung", "General plan"],
  level_zoning: ["Quy hoạch phân khu", "Zoning plan"],
  level_detailed: ["Quy hoạch chi tiết", "Detailed plan"],
  level_detailed_short: ["Quy hoạch chi tiết rút gọn", "Short detailed plan"],
  status_in_preparation: ["Đang lập", "In preparation"],
  status_upcoming: ["Đã phê duyệt, chưa đến ngày có hiệu lực", "Approved, not yet in force"],
  status_approved: ["Đã phê duyệt", "Approved"],
  status_in_force: ["Đang có hiệu lực", "In force"],
  status_partly_annulled: ["Đã huỷ một phần", "Partly annulled"],
  status_annulled: ["Đã huỷ", "Annulled"],
  status_replaced: ["Đã được thay thế", "Replaced"],
  status_expired: ["Hết hiệu lực", "No longer in force"],

  as_of: ["Theo pháp lý ngày", "Law as of"],
  as_of_today: ["Hôm nay", "Today"],
  data_version: ["Phiên bản dữ liệu {n}", "Data version {n}"],
  as_json: ["JSON", "JSON"],
  as_pdf: ["Bản in PDF", "PDF to print"],
  copy_link: ["Chép liên kết", "Copy link"],
  link_copied: ["Đã chép", "Copied"],

  layers: ["Lớp bản đồ", "Map layers"],
  layers_open: ["Mở lớp bản đồ và chú giải", "Open layers and legend"],
  legend_other: ["Khác", "Other"],
  legend_all: ["Xem cả {n} loại", "Show all {n} classes"],
  legend_in_view: ["Chỉ những loại đang thấy", "Only classes in view"],
  parcels_outlined: [
    "Đang vẽ ranh thửa; tắt lớp Ô quy hoạch để xem màu loại đất.",
    "Drawn as outlines; switch zones off to see land-use colours.",
  ],
  function_code: ["Mã chức năng", "Function code"],
  layer_zoom_in: ["phóng to để thấy", "zoom in to see"],
  layers_none: ["Máy chủ chưa công bố lớp nào.", "The server publishes no layer yet."],

  map_failed: ["Một phần bản đồ không tải được.", "A part of the map could not be loaded."],
  page_failed: ["Chưa kết nối được máy chủ", "The server does not answer"],
  page_failed_hint: [
    "Kiểm tra mạng rồi thử lại. Nếu vẫn không được, máy chủ có thể đang bảo trì.",
    "Check the network and try again. If that does not help, the server may be under maintenance.",
  ],
  webgl_failed: [
    "Trình duyệt không vẽ được bản đồ (thiếu WebGL). Vẫn tra cứu được bằng ô tìm.",
    "This browser cannot draw the map (no WebGL). The search still works.",
  ],

  figures_title: ["Số liệu theo cấp", "Figures by tier"],
  indicator: ["Chỉ tiêu", "Indicator"],
  period: ["Kỳ", "Period"],
  tier: ["Cấp", "Tier"],
  path: ["Đường dẫn đơn vị", "Path of units"],
  nation: ["Cả nước", "The nation"],
  level_nation: ["Cả nước", "Nation"],
  level_region: ["Vùng", "Region"],
  level_province: ["Tỉnh, thành phố", "Province"],
  level_city: ["Đô thị", "City"],
  level_commune: ["Xã, phường", "Commune"],
  remainder: ["Phần còn lại", "Remainder"],
  unit: ["Đơn vị", "Unit"],
  value: ["Giá trị", "Value"],
  coverage: ["Độ phủ dữ liệu", "Data coverage"],
  coverage_short: ["Độ phủ", "Coverage"],
  computed_at: ["Tính lúc {at}", "Computed {at}"],
  no_figure: ["chưa có", "none yet"],
  figures_nothing: ["Chưa có số liệu cho cấp này.", "No figures for this tier yet."],
  figures_nothing_hint: ["Chọn chỉ tiêu, kỳ hoặc cấp khác.", "Choose another indicator, period or tier."],
  figures_failed: ["Chưa tải được số liệu", "The figures could not be loaded"],
  figures_no_indicators: ["Máy chủ chưa có chỉ tiêu nào.", "The server has no indicator yet."],
  over_time: ["Theo thời gian", "Over time"],
  chart_apart: [
    "Các phần tách rời có độ phủ khác nhau nên không so sánh được; mỗi phần có thang riêng.",
    "Parts that stand apart rest on different coverage and do not compare; each has its own scale.",
  ],
  chart_coverage: ["độ phủ {share}", "coverage {share}"],
  at_least: ["ít nhất", "at least"],
  too_little_known: ["biết quá ít", "too little known"],
  not_stated: ["chưa xác nhận đủ", "not stated"],
  unknown_indicator: [
    "Không có chỉ tiêu “{code}”; đang hiển thị: {shown}.",
    "There is no indicator “{code}”; shown instead: {shown}.",
  ],
  figures_notes: ["{n} ghi chú về số liệu", "{n} notes on the figures"],
  chart_partial: ["Kỳ có nền gạch: dữ liệu chưa đủ.", "Hatched periods rest on partial data."],
  sort_by: ["Sắp xếp theo {column}", "Sort by {column}"],
  open_unit: ["Xem bên trong {name}", "Look inside {name}"],
  up_to: ["Lên {name}", "Up to {name}"],
  formula: ["Cách tính", "Formula"],
  stale: ["Dữ liệu đã đổi, số liệu đang chờ tính lại", "Data have changed; to be computed again"],
  as_csv: ["CSV", "CSV"],
  as_xlsx: ["Excel", "Excel"],
  no_data: ["Chưa có số liệu", "No figure"],
  partial_data: ["Dữ liệu chưa đủ", "Partial data"],
} as const satisfies Record<string, readonly [string, string]>;

export type Word = keyof typeof WORDS;

export function isWord(key: string): key is Word {
  return key in WORDS;
}

/** The word in a language, with `{name}` replaced from `values`. */
export function say(lang: Lang, key: Word, values: Record<string, string | number> = {}): string {
  const sentence = WORDS[key][lang === "vi" ? 0 : 1];
  return sentence.replace(/\{(\w+)\}/g, (_, name: string) => String(values[name] ?? ""));
}

/** A text of the server, which may come in both languages or already in one. */
export function pick(lang: Lang, text: Text | string | null | undefined): string {
  if (!text) return "";
  return typeof text === "string" ? text : text[lang] || text.vi;
}
